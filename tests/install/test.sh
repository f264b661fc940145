#!/usr/bin/env bash
# Uses crier in the three ways that README.md promises: pkg-config, CMake and a Meson subproject.
# usage: test.sh SOURCES BUILD CLIENT JOURNAL, with CLIENT and JOURNAL true where they were built.
set -euo pipefail

source_dir=$1
build_dir=$2
client=$3
journal=$4
consumer=$source_dir/tests/install/consumer

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

heading() { printf '\n== %s\n' "$*"; }

heading 'install'
meson install -C "$build_dir" --no-rebuild --quiet --skip-subprojects --destdir "$temp/root"
pc_file=$(find "$temp/root" -name crier.pc)
libdir=$(dirname "$(dirname "$pc_file")")

# A staged tree, as a packager has it: the .pc file is as it was installed, and the sysroot says
# where the stage is.
heading 'pkg-config'
export PKG_CONFIG_SYSROOT_DIR=$temp/root PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs crier)"
client_flags=()
if [[ $client == true ]]; then
    read -ra client_flags <<<"$(pkg-config --cflags --libs crier-client)"
fi
journal_flags=()
if [[ $journal == true ]]; then
    read -ra journal_flags <<<"$(pkg-config --cflags --libs crier-journal)"
fi
unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
echo "${flags[*]}"
# CXX may be a compiler with arguments.
# shellcheck disable=SC2086
$CXX -std=c++20 "$consumer/main.cpp" "${flags[@]}" -o "$temp/by-pkg-config"
LD_LIBRARY_PATH=$libdir "$temp/by-pkg-config"
if [[ $client == true ]]; then
    echo "${client_flags[*]}"
    # shellcheck disable=SC2086
    $CXX -std=c++20 "$consumer/client.cpp" "${client_flags[@]}" -o "$temp/client-by-pkg-config"
    LD_LIBRARY_PATH=$libdir "$temp/client-by-pkg-config"
fi
if [[ $journal == true ]]; then
    echo "${journal_flags[*]}"
    # shellcheck disable=SC2086
    $CXX -std=c++20 "$consumer/journal.cpp" "${journal_flags[@]}" -o "$temp/journal-by-pkg-config"
    LD_LIBRARY_PATH=$libdir "$temp/journal-by-pkg-config" "$temp/events.db"
fi

# --force-fallback-for: a copy on this machine must not stand in for the source tree.
heading 'Meson subproject'
mkdir "$temp/meson" "$temp/meson/subprojects"
cp "$consumer"/{main.cpp,client.cpp,journal.cpp,meson.build,meson_options.txt} "$temp/meson"
ln -s "$source_dir" "$temp/meson/subprojects/crier"
meson setup "$temp/by-meson" "$temp/meson" \
    --force-fallback-for=crier -Dclient="$client" -Djournal="$journal" -Ddebug=false -Doptimization=0 \
    -Dunity=subprojects -Dunity_size=100 >"$temp/log" \
    || { cat "$temp/log"; exit 1; }
ninja -C "$temp/by-meson" --quiet
"$temp/by-meson/consumer"
[[ $client == false ]] || "$temp/by-meson/client"
[[ $journal == false ]] || "$temp/by-meson/journal" "$temp/events.db"

heading 'CMake'
if ! command -v cmake >/dev/null; then
    echo 'skipped: cmake is not installed'
    exit 77
fi
# crier_DIR and not a prefix: where Meson chose lib64, CMake on Debian does not look for packages.
cmake -G Ninja -S "$consumer" -B "$temp/by-cmake" -Dcrier_DIR="$libdir/cmake/crier" \
    -DWITH_CLIENT="$client" -DWITH_JOURNAL="$journal" >"$temp/log" \
    || { cat "$temp/log"; exit 1; }
cmake --build "$temp/by-cmake"
"$temp/by-cmake/consumer"
[[ $client == false ]] || "$temp/by-cmake/client"
[[ $journal == false ]] || "$temp/by-cmake/journal" "$temp/events.db"

heading 'CMake components'
components() {
    rm -rf "$temp/components"
    cmake -G Ninja -S "$source_dir/tests/install/components" -B "$temp/components" \
        -Dcrier_DIR="$libdir/cmake/crier" -DCASE="$1" -DWITH_CLIENT="${client^^}" \
        -DWITH_JOURNAL="${journal^^}" >"$temp/log" 2>&1
}
finds() { components "$1" || { cat "$temp/log"; exit 1; }; }
misses() {
    if components "$1" || ! tr -s '\n ' ' ' <"$temp/log" | grep -F "$2"; then
        cat "$temp/log"
        exit 1
    fi
}
finds optional
finds quiet
misses required "there is no component 'server', only 'client' and 'journal'"
if [[ $client == true ]]; then
    finds client-later
    finds client-first
else
    misses client 'no crier-client library'
fi
if [[ $journal == true ]]; then
    finds journal
else
    misses journal 'no crier-journal library'
fi
