"""How events travel between processes: CloudEvents over a broker, under one port."""
