"""The doctor's fixtures serve here too: an application as text, in a file of its own, examined."""

from tests.doctor.conftest import examine, written

__all__ = ["examine", "written"]
