#!/usr/bin/env bats
# `ashlar run`: it takes effect, or fails before the program runs and says why.
# shellcheck disable=SC2016 # what stands in single quotes is for the inner shell

load support

@test "run_preloads_the_library_and_keeps_the_users" {
    empty_library "$PWD/libusers.so"
    LD_PRELOAD="$PWD/libusers.so" run -0 ashlar run -- sh -c 'echo "$LD_PRELOAD"'
    [ "$output" = "$ASHLAR_LIBRARY:$PWD/libusers.so" ]
}

@test "run_gives_back_the_commands_status_and_arguments" {
    run -7 ashlar run -- sh -c 'echo "$1|$2"; exit 7' name "a b" "*"
    [ "$output" = "a b|*" ]
}

@test "run_really_makes_the_program_use_ashlar" {
    run -0 ashlar run -- "$ASHLAR_BIN" __probe
    says "active "
    run -1 "$ASHLAR_BIN" __probe
    [ "$output" = absent ]
}

@test "run_works_without_the_two_dashes" {
    run -0 ashlar run echo --lib
    [ "$output" = "--lib" ]
}

@test "run_makes_a_relative_library_absolute" {
    cp "$ASHLAR_LIBRARY" here.so
    run -0 ashlar run --lib here.so -- sh -c 'echo "$LD_PRELOAD"'
    [ "$output" = "$PWD/here.so" ]
}

@test "run_sets_options_for_the_program" {
    run -0 ashlar run --set Purge-delay=100ms -- sh -c 'echo "$ASHLAR_PURGE_DELAY"'
    [ "$output" = 100ms ]
    run -125 ashlar run --set nothing -- touch ran
    says "not of the form option=value"
    [ ! -e ran ]
}

@test "run_refuses_options_that_are_none" {
    run -125 ashlar run --set purgedelay=100 -- touch ran
    says "--set purgedelay=100: there is no option 'purgedelay'; the nearest is purge_delay"
    says '`ashlar options` lists'
    run -125 ashlar run --set purge_delay=soon -- touch ran
    says "'soon' is no value for purge_delay; it wants 0 to 3600000 milliseconds, such as 500ms"
    run -125 ashlar run --set huge_pages= -- touch ran
    says "'' is no value for huge_pages; it wants on or off"
    run -125 ashlar compare --set nonsense=1 -- touch ran
    says "there is no option 'nonsense'"
    [ ! -e ran ]
}

@test "run_and_the_library_agree_on_every_option" {
    for option in $(ashlar options | sed -n 's/^\([a-z_]*=[^ ]*\)$/\1/p'); do
        run -0 ashlar run --set "$option" --set verbose=on -- sh -c "echo done"
        says "ashlar: verbose=on (environment)"
        says_not "is ignored"
        case $option in
        verbose=* | environment=*) ;;
        *) says "ashlar: $option (environment)" ;;
        esac
    done
}

@test "run_finds_the_library_beside_its_own_executable" {
    mkdir -p tree/bin tree/lib
    cp "$ASHLAR_BIN" tree/bin/ashlar
    cp "$ASHLAR_LIBRARY" tree/lib/libashlar.so
    run -0 env -u ASHLAR_LIBRARY tree/bin/ashlar run -- sh -c 'echo "$LD_PRELOAD"'
    [ "$output" = "$PWD/tree/lib/libashlar.so" ]
}

@test "run_refuses_a_command_that_is_not_there_with_127" {
    run -127 ashlar run -- no-such-command-here
    says "command not found"
    run -127 ashlar run -- ./no/such/path
    says "not found"
}

@test "run_refuses_what_cannot_be_executed_with_126" {
    echo hello >plain
    run -126 ashlar run -- ./plain
    says "chmod +x"
    run -126 ashlar run -- "$PWD"
    says "irectory"
    run -126 ashlar run -- "$ASHLAR_LIBRARY"
}

@test "run_refuses_a_static_program" {
    run -125 ashlar run -- "$TOOL_HELPERS/work_static" last_words
    says "statically linked"
    says "to fix:"
    run -125 ashlar run -- "$TOOL_HELPERS/work_static_pie" last_words
    says "static-PIE"
}

@test "run_refuses_a_program_with_its_own_malloc" {
    run -125 ashlar run -- "$TOOL_HELPERS/own_malloc"
    says "its own malloc built in"
}

@test "run_refuses_a_setuid_program" {
    program=/usr/bin/su
    if [ "$(id -u)" = 0 ]; then
        program=$PWD/setuid
        cp "$(command -v touch)" "$program"
        chown 65534 "$program"
        chmod 4755 "$program"
    fi
    run -125 ashlar run -- "$program" ran
    says "setuid"
    says "LD_PRELOAD"
    [ ! -e ran ]
}

@test "run_refuses_a_setgid_program" {
    [ "$(id -u)" = 0 ] || skip "only root can give a file to another group"
    cp "$(command -v touch)" setgid
    chgrp 65534 setgid
    chmod 2755 setgid
    run -125 ashlar run -- ./setgid ran
    says "setgid"
    [ ! -e ran ]
}

@test "run_takes_the_owners_own_setuid_program" {
    cp "$(type -P true)" mine
    chmod 4755 mine
    run -0 ashlar run -- ./mine
}

@test "run_refuses_a_program_of_another_architecture" {
    cp "$(type -P true)" foreign
    # The ELF header's e_machine: EM_IA_64, which no machine with this library has.
    printf '\062\000' | dd of=foreign bs=1 seek=18 conv=notrunc status=none
    run -125 ashlar run -- ./foreign
    says "but $ASHLAR_LIBRARY is"
    says "--lib"
}

@test "run_refuses_a_32_bit_program_with_a_64_bit_library" {
    case $(uname -m) in x86_64) ;; *) skip "only x86-64 has i386 beside it" ;; esac
    # The header of an i386 program is all that is read before the answer is known.
    {
        printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000'
        printf '\002\000\003\000\001\000\000\000'
        head -c 200 /dev/zero
    } >narrow
    chmod +x narrow
    run -125 ashlar run -- ./narrow
    says "i386 (32-bit)"
    says "x86-64 (64-bit)"
}

@test "run_refuses_a_missing_or_unreadable_library" {
    run -125 ashlar run --lib nowhere.so -- touch ran
    says "libashlar.so is not there: tried $PWD/nowhere.so"
    ASHLAR_LIBRARY=/nowhere/at/all run -125 ashlar run -- touch ran
    says "from ASHLAR_LIBRARY"
    echo "no library" >text.so
    run -125 ashlar run --lib ./text.so -- touch ran
    says "not an ELF file"
    run -125 ashlar run --lib "$TOOL_HELPERS/work_static" -- touch ran
    says "is a program, not a shared library"
    [ ! -e ran ]
}

@test "run_refuses_a_library_that_is_not_ashlar" {
    empty_library libashlar.so
    run -125 ashlar run --lib ./libashlar.so -- touch ran
    says "is not ashlar: it does not define malloc"
    [ ! -e ran ]
}

@test "run_refuses_a_damaged_library" {
    head -c 40 "$ASHLAR_LIBRARY" >short.so
    run -125 ashlar run --lib ./short.so -- touch ran
    for bytes in 64 100 700 5000; do
        head -c "$bytes" "$ASHLAR_LIBRARY" >"cut$bytes.so"
        run -125 ashlar run --lib "./cut$bytes.so" -- touch ran
    done
    [ ! -e ran ]
}

@test "run_refuses_a_library_path_that_LD_PRELOAD_cannot_name" {
    mkdir "a b" "c:d"
    cp "$ASHLAR_LIBRARY" "a b/lib.so"
    cp "$ASHLAR_LIBRARY" "c:d/lib.so"
    run -125 ashlar run --lib "a b/lib.so" -- touch ran
    says "space or colon"
    says "ln -s '$PWD/a b/lib.so'"
    run -125 ashlar run --lib "c:d/lib.so" -- touch ran
    says "space or colon"
    [ ! -e ran ]
    ln -s "$PWD/a b/lib.so" link.so
    run -0 ashlar run --lib ./link.so -- true
}

@test "run_judges_a_script_by_its_interpreter" {
    printf '#!/bin/sh\necho "$LD_PRELOAD"\n' >good
    printf '#!%s\n' "$TOOL_HELPERS/work_static" >static
    printf '#!/no/such/interpreter\n' >lost
    printf '#!/usr/bin/env -S A=b sh\necho "$A"\n' >by_env
    printf '#!/usr/bin/env no-such-interpreter\n' >env_lost
    printf '#!/usr/bin/env -i sh\n' >env_empty
    printf 'echo none\n' >bare
    chmod +x good static lost by_env env_lost env_empty bare
    run -0 ashlar run -- ./good
    [ "$output" = "$ASHLAR_LIBRARY" ]
    run -125 ashlar run -- ./static
    says "statically linked"
    run -127 ashlar run -- ./lost
    says "/no/such/interpreter"
    run -0 ashlar run -- ./by_env
    [ "$output" = b ]
    run -127 ashlar run -- ./env_lost
    says "no-such-interpreter"
    run -125 ashlar run -- ./env_empty
    says "empties the environment"
    run -0 ashlar run -- ./bare
    [ "$output" = none ]
}

@test "run_ends_on_scripts_that_interpret_each_other" {
    printf '#!%s/b\n' "$PWD" >a
    printf '#!%s/a\n' "$PWD" >b
    chmod +x a b
    run -126 ashlar run -- ./a
    says "too many interpreters"
}
