#!/bin/sh
# Installs libhotline into a prefix of its own and builds against it as others do: by pkg-config and by find_package,
# shared and static. usage: client_package.sh BUILD SOURCE CMAKE CC CFLAGS
set -eu
build=$1 source=$2 cmake=$3 cc=$4 cflags=$5
place=$build/package
rm -rf "$place"
mkdir -p "$place/moved"
"$cmake" --install "$build" --component libhotline --prefix "$place/first" > "$place/install.log"
"$cmake" --install "$build" --component libhotline-dev --prefix "$place/first" >> "$place/install.log"
prefix=$place/moved/prefix
mv "$place/first" "$prefix" # a package is moved to where it is used
lib=$(dirname "$(find "$prefix" -name libhotline.so)")

fail() {
    echo "$1" >&2
    exit 1
}

# Only what the headers declare is shown.
shown=$(nm -D --defined-only "$lib/libhotline.so" | awk '{ print $3 }' | grep -v '^hotline_' | grep -v '^_' || true)
[ -z "$shown" ] || fail "the shared library shows $shown"
shown=$(nm -g --defined-only "$lib/libhotline.a" | awk 'NF == 3 { print $3 }' | grep -v '^hotline_' | grep -v '^_' || true)
[ -z "$shown" ] || fail "the static library shows $shown"
for name in $(sed -n '/typedef/d; s/.*[ *]\(hotline_[a-z_]*\)(.*/\1/p' "$prefix"/include/hotline/*.h | sort -u); do
    nm -D --defined-only "$lib/libhotline.so" | grep -q " T $name\$" || fail "$name is declared and not there"
done
readelf -d "$lib/libhotline.so" | grep -q 'SONAME.*libhotline\.so\.0\]' || fail "the soname is not libhotline.so.0"

runs() { # 2: wrong usage, so it was loaded and ran
    status=0
    LD_LIBRARY_PATH=$lib "$1" > /dev/null 2>&1 || status=$?
    [ "$status" = 2 ] || fail "$1 does not run: status $status"
}

PKG_CONFIG_PATH=$lib/pkgconfig
export PKG_CONFIG_PATH
for example in desk gateway query; do
    # shellcheck disable=SC2046,SC2086
    "$cc" $cflags -std=c11 -D_GNU_SOURCE -Wall -Werror -o "$place/$example" "$source/node/client/examples/$example.c" \
        $(pkg-config --cflags --libs hotline)
    runs "$place/$example"
done
# shellcheck disable=SC2046,SC2086
"$cc" $cflags -std=c11 -D_GNU_SOURCE -o "$place/static" "$source/node/client/examples/query.c" \
    $(pkg-config --cflags hotline) "$lib/libhotline.a" $(pkg-config --libs libzmq libprotobuf-c libsodium) -lm
runs "$place/static"

mkdir "$place/user"
cat > "$place/user/CMakeLists.txt" << 'END'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
find_package(hotline 0.1 REQUIRED)
add_executable(user_shared ${EXAMPLE})
target_link_libraries(user_shared PRIVATE hotline::hotline)
add_executable(user_static ${EXAMPLE})
target_link_libraries(user_static PRIVATE hotline::hotline_static)
END
"$cmake" -G Ninja -S "$place/user" -B "$place/user/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_C_FLAGS="$cflags" -DEXAMPLE="$source/node/client/examples/query.c" > "$place/user.log"
"$cmake" --build "$place/user/build" >> "$place/user.log" || fail "$(cat "$place/user.log")"
runs "$place/user/build/user_shared"
runs "$place/user/build/user_static"

# The headers are C++ too, where there is a compiler for it.
if command -v c++ > /dev/null; then
    for header in client desk gateway query; do
        echo "#include <hotline/$header.h>"
    done | c++ -x c++ -std=c++11 -fsyntax-only -Wall -Wextra -Werror -I "$prefix/include" -
fi
echo "libhotline installs and builds"
