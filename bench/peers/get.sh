# shellcheck shell=bash
# Prepares the benchmark's peers. For ./run, whose functions these use; they are called at the top of
# the repository. Each takes the build directory, and returns non-zero when its peer cannot be had.

get_go() {
    need go=golang-go && (
        dir=$(realpath -m "$1")
        cd bench/peers/go && go build -buildvcs=false -o "$dir/peer-go" .
    )
}

get_node() {
    local peer=bench/peers/node
    need node=nodejs npm=npm =ca-certificates || return
    [[ ! $peer/node_modules/.package-lock.json -nt $peer/package-lock.json ]] || return 0
    echo "The packages of the Node.js peer go to $peer/node_modules"
    # Quietly: it would warn that packages want another Node.js than the one that npm runs with.
    (cd $peer && npm ci --no-audit --no-fund --loglevel=error)
}

# nginx, nchan, Redis and the libraries they need that are not installed.
nchan_packages() {
    local package
    echo nginx libnginx-mod-nchan redis-server redis-tools
    apt-cache depends --important nginx libnginx-mod-nchan redis-tools | sed -n 's/^ *Depends: \(lib\S*\)$/\1/p' |
        while read -r package; do has_package "$package" || echo "$package"; done
}

# Not installed: Debian's nginx would start a service on port 80.
get_nchan() {
    local dir=$1/nchan packages module package
    [[ ! -e $dir/complete || ! -e $dir/usr/bin/redis-server ]] || return 0
    is_debian || return
    echo "nginx with nchan, and Redis, are unpacked, and not installed, in $dir"
    [[ $(apt-cache show libnginx-mod-nchan 2>/dev/null) ]] || as_root apt-get update -qq || return
    mapfile -t packages < <(nchan_packages | tr ' ' '\n')
    rm -rf "$dir" && mkdir -p "$dir" || return
    download() { (cd "$dir" && apt-get download -qq -o APT::Sandbox::User=root "${packages[@]}"); }
    download || { as_root apt-get update -qq && download; } || return
    for package in "$dir"/*.deb; do dpkg-deb -x "$package" "$dir" || return; done
    # nchan needs this directory, which nginx-common would install, and refuses to be told another.
    # Put in its place is one of as long a name, which nginx finds where it keeps its other files.
    module=$dir/usr/lib/nginx/modules/ngx_nchan_module.so
    sed -i 's|/var/lib/nginx/body|nchan_message_files|' "$module" && touch "$dir/complete"
}
