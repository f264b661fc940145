#!/bin/sh
# A source that includes all headers in the directories.
find "$@" -name '*.hpp' | sort | sed 's/.*/#include "&"/'
