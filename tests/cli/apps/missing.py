"""A module that cannot be imported."""

from importlib import import_module

import_module("no_such_package")
