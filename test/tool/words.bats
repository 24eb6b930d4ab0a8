#!/usr/bin/env bats
# The tool's words: help, versions, and errors that name the nearest right word.
# shellcheck disable=SC2016 # what stands in single quotes is for the inner shell

load support

@test "help_lists_every_command_and_each_has_its_own" {
    run -0 ashlar --help
    for command in run check compare bench doctor options help; do
        says "  $command "
    done
    for command in run check compare bench doctor options; do
        run -0 ashlar help "$command"
        says "Usage: ashlar $command"
        before=$output
        run -0 ashlar "$command" --help
        [ "$output" = "$before" ]
    done
}

@test "help_fits_80_columns" {
    for command in "" run check compare bench doctor options; do
        # shellcheck disable=SC2086
        [ "$(ashlar help $command | wc -L)" -le 80 ]
    done
}

@test "help_documents_every_option_that_is_taken" {
    for option in rounds with without lib set html json proof show-output progress; do
        run -0 ashlar help compare
        says "--$option"
    done
}

@test "options_are_listed_and_explained" {
    run -0 ashlar options
    says "purge_delay=500ms"
    says "helper_thread_min=8M"
    [ "$(ashlar options | wc -L)" -le 80 ]
    for option in $(ashlar options | sed -n 's/^\([a-z_]*\)=.*/\1/p'); do
        run -0 ashlar options "$option"
        says "When would I change this?"
        says "variable  ASHLAR_"
        [ "$(ashlar options "$option" | wc -L)" -le 80 ]
    done
    run -125 ashlar options purge_dealy
    says "there is no option 'purge_dealy'; the nearest is purge_delay"
    run -125 ashlar options purge_delay verbose
    says "one name at a time"
}

@test "version_is_the_headers" {
    run -0 ashlar --version
    [[ $output =~ ^ashlar\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "no_command_at_all_shows_the_list_and_fails" {
    run -125 ashlar
    says "Usage: ashlar COMMAND"
}

@test "unknown_commands_name_the_nearest" {
    run -125 ashlar chekc
    says 'did you mean `ashlar check`'
    run -125 ashlar comparee
    says 'did you mean `ashlar compare`'
    run -125 ashlar help docter
    says 'did you mean `ashlar doctor`'
    run -125 ashlar --versoin
    says 'did you mean `ashlar --version`'
    run -125 ashlar xyzzy
    says_not "did you mean"
    says "ashlar run -- xyzzy"
}

@test "unknown_options_name_the_nearest" {
    run -125 ashlar compare --htlm x -- true
    says "did you mean --html"
    run -125 ashlar run --libb=x -- true
    says "did you mean --lib"
    run -125 ashlar doctor -z
    says "unknown option -z"
    run -125 ashlar run -xl
    says "unknown option -x"
}

@test "options_without_their_value_say_so" {
    run -125 ashlar run --lib
    says "--lib needs a value"
    run -125 ashlar compare -n
    says "-n needs a value"
}

@test "commands_without_their_subject_say_how_to_give_it" {
    run -125 ashlar run
    says "ashlar run -- CMD"
    run -125 ashlar compare --
    says "ashlar compare -- CMD"
    run -125 ashlar check
    says "ashlar check PID"
    run -125 ashlar check true false
    says "one thing at a time"
    run -125 ashlar doctor some words
}

@test "wrong_values_are_refused_with_what_is_right" {
    for rounds in 0 -1 1001 five 3x ""; do
        run -125 ashlar compare -n "$rounds" -- true
        says "not a number from 1 to 1000"
    done
    run -125 ashlar compare --with jemaloc -- true
    says "did you mean jemalloc"
    run -125 ashlar compare --without nothing -- true
    says "no allocator is called nothing"
    run -125 ashlar compare --with old=/no/such/file -- true
    says "there is no such file"
    run -125 ashlar compare --with glibc="$ASHLAR_LIBRARY" -- true
    says "taken"
    run -125 ashlar compare --proof magic -- true
    says "use ptrace, sample or none"
    run -125 ashlar compare --html /no/such/folder/r.html -- touch ran
    says "cannot write /no/such/folder/r.html"
    [ ! -e ran ]
}

@test "colour_is_for_terminals_only_and_NO_COLOR_is_honoured" {
    need script
    escape=$(printf '\033[')
    run -0 ashlar doctor
    says_not "$escape"
    export TERM=xterm
    run -0 script -qec "'$ASHLAR_BIN' doctor" /dev/null
    says "$escape"
    NO_COLOR=1 run -0 script -qec "'$ASHLAR_BIN' doctor" /dev/null
    says_not "$escape"
}
