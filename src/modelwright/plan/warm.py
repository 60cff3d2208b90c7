"""Imported by each worker when it starts: brings in at once what the first fit would wait for."""

from modelwright.models import warm_up

warm_up()
