"""The judge, judged: right requests of which it must say nothing, and damaged ones of which it must tell the damage."""
