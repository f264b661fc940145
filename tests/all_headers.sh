#!/bin/sh
# A source that includes all headers in the directories, or those that find's tests choose.
find "$@" -name '*.hpp' | sort | sed 's/.*/#include "&"/'
