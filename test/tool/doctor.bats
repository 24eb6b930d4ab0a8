#!/usr/bin/env bats
# `ashlar doctor`: each line OK, WARN or FAIL, with a next step; the probe decides.
# shellcheck disable=SC2016 # what stands in single quotes is for the inner shell

load support

@test "doctor_finds_nothing_in_the_way" {
    run -0 ashlar doctor
    says "OK    library: $ASHLAR_LIBRARY"
    says "a small program preloaded with it uses ashlar "
    says "Next: ashlar compare"
    says_not FAIL
}

@test "doctor_tells_the_version_of_the_library_and_of_the_system" {
    run -0 ashlar doctor
    says "uses ashlar $(ashlar --version | cut -d' ' -f2)"
    says "$(uname -r)"
    says "pages of $(($(getconf PAGESIZE) / 1024)) KiB"
    for fact in "huge pages" overcommit RLIMIT_AS RLIMIT_DATA "mappings per process" ptrace; do
        says "$fact"
    done
}

@test "doctor_fails_an_empty_library" {
    empty_library libashlar.so
    run -1 ashlar doctor --lib ./libashlar.so
    says "FAIL  a small program preloaded with it does not use ashlar: the library is not active"
    says "next:"
}

@test "doctor_fails_a_library_that_is_loaded_but_not_active" {
    run -1 ashlar doctor --lib "$TOOL_HELPERS/libinactive.so"
    says "it is loaded, but not active"
}

@test "doctor_fails_a_library_that_kills_programs" {
    run -1 ashlar doctor --lib "$TOOL_HELPERS/libdeadly.so"
    says "killed by signal 6"
}

@test "doctor_tells_how_threads_are_told_apart" {
    run -0 ashlar doctor
    says "it tells threads apart: slot tls (detected), id asm"
}

@test "doctor_warns_of_a_library_that_found_threads_mixed_up" {
    run -0 ashlar doctor --lib "$TOOL_HELPERS/libdowngraded.so"
    says "WARN  it found threads mixed up: slot map"
    says "found 2 foreign heaps"
}

@test "doctor_fails_a_missing_library" {
    run -1 ashlar doctor --lib ./nowhere.so
    says "FAIL  libashlar.so is not there"
}

@test "doctor_warns_of_limits" {
    run -0 bash -c 'ulimit -v 4000000; exec "$ASHLAR_BIN" doctor'
    says "WARN  address space (RLIMIT_AS): limited to 3906 MiB"
    says "ulimit -v"
}

@test "doctor_warns_of_another_preload" {
    empty_library libother.so
    LD_PRELOAD=$PWD/libother.so run -0 ashlar doctor
    says "WARN  LD_PRELOAD already names: $PWD/libother.so"
}

@test "doctor_examines_a_process" {
    sleep 60 3>&- &
    child=$!
    sleep 0.2
    run -1 ashlar doctor "$child"
    kill "$child"
    says "FAIL  process $child"
    says "uses glibc"
    LD_PRELOAD=$ASHLAR_LIBRARY sleep 60 3>&- &
    child=$!
    sleep 0.2
    run -0 ashlar doctor "$child"
    kill "$child"
    says "OK    process $child"
}
