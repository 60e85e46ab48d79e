"""The commands of `changeover`: thin edges over what can be asked without a terminal."""
