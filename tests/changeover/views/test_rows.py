from changeover.evidence.store.summary import OneSidedRead
from changeover.values.observation import Side
from changeover.views.rows import lost_guards


def test_a_read_of_an_inner_seam_is_named_once_with_all_its_seams() -> None:
    seams = ("inner", "outer")
    reads = [OneSidedRead(seam, "till.limit", Side.LEGACY, 20, 30) for seam in seams]
    assert list(lost_guards(reads)) == [
        "till.limit is read by legacy in 20 of 30 alike runs of inner, 20 of 30 alike runs of outer, "
        "never by candidate: a lost guard?"
    ]


def test_beyond_the_first_reads_their_number_is_said() -> None:
    reads = [OneSidedRead("seam", f"till.limit_{n}", Side.CANDIDATE, 20, 30) for n in range(5)]
    *named, more = lost_guards(reads)
    assert (len(named), more) == (3, "2 reads more by one path alone.")
