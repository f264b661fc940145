#!/bin/sh
# usage: join.sh DIRECTORY NAME...
# A source that holds the tests of those names, each in a namespace of its own, where what they
# include must not be.
set -e
cd "$1"
shift
for name; do
    grep '^#include' "$name.cpp"
done | sort -u
for name; do
    printf 'namespace %s {\n#include "%s.cpp"\n}\n' "$(echo "$name" | tr / _)" "$name"
done
