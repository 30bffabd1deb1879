"""The server's configuration: what can be set, where it is read from, how it is shown."""

from xchat.config.changing import change
from xchat.config.reading import load
from xchat.config.settings import Config, data_folder
from xchat.config.writing import print_config

__all__ = ["Config", "change", "data_folder", "load", "print_config"]
