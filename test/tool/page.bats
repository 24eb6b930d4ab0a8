#!/usr/bin/env bats
# The report page: complete in itself, opens in a browser without a complaint or a request.

load support

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    unset LD_PRELOAD
    "$ASHLAR_BIN" compare -n 3 --html page.html --json page.json -- sh -c '/bin/true; exit 0' \
        >/dev/null
}

# Opens file $1 in a headless browser with every host unknown: dom, complaints and requests are
# left in files of those names.
open_page() {
    browser=$(command -v chromium || command -v chromium-browser || true)
    [ -n "$browser" ] || need chromium
    # The sandbox needs rights that root in a container may not have; the page is our own.
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$PWD/profile" --no-first-run --disable-extensions --disable-sync \
        --disable-background-networking --disable-component-update --disable-default-apps \
        --host-resolver-rules="MAP * ~NOTFOUND" --enable-logging=stderr \
        --log-net-log="$PWD/net.json" --net-log-capture-mode=IncludeSensitive \
        --virtual-time-budget=2000 --dump-dom "file://$1" >dom 2>log
    grep 'CONSOLE' log >complaints || true
    # The browser asks for things of its own; what a page asks for has the page as initiator.
    grep -E '"initiator":"(file:|null)' net.json | grep -E -o '"url":"(https?|wss?|ftp)://[^"]*"' \
        >requests || true
}

@test "page_opens_without_errors_and_without_requests" {
    open_page "$BATS_FILE_TMPDIR/page.html"
    grep -q 'active in 2 of 2 processes' dom
    [ -s net.json ]
    [ ! -s complaints ] || fail_with "$(cat complaints)"
    [ ! -s requests ] || fail_with "$(cat requests)"
}

@test "page_test_finds_planted_errors_and_requests" {
    cat >planted.html <<'END'
<!DOCTYPE html><title>planted</title><img src="http://planted.invalid/x.png" alt="">
<script>console.error("planted");</script>
END
    open_page "$PWD/planted.html"
    grep -q planted complaints
    grep -q planted.invalid requests
}

@test "page_refers_to_nothing_outside" {
    run ! grep -E -i 'https?://|src=|@import|url\(' "$BATS_FILE_TMPDIR/page.html"
    grep -q "default-src 'none'" "$BATS_FILE_TMPDIR/page.html"
}

@test "page_is_small_and_filled_completely" {
    [ "$(wc -c <"$BATS_FILE_TMPDIR/page.html")" -le 307200 ]
    run ! grep -q '{{' "$BATS_FILE_TMPDIR/page.html"
}

@test "page_begins_with_the_verdict" {
    run -0 sed -n '/<main>/,/<\/h1>/p' "$BATS_FILE_TMPDIR/page.html"
    says "<h1>With ashlar, sh took "
    says "active in 2 of 2 processes"
}

@test "page_has_the_numbers_as_json" {
    need jq
    sed -n '/<script type="application\/json" id="data">/,/<\/script>/p' \
        "$BATS_FILE_TMPDIR/page.html" | sed '1d;s/<\/script>//' | jq -S . >inside
    jq -S . "$BATS_FILE_TMPDIR/page.json" >beside
    diff inside beside
}

@test "page_is_well_formed_and_reachable_by_keyboard" {
    run -0 python3 "$BATS_TEST_DIRNAME/page.py" "$BATS_FILE_TMPDIR/page.html"
}

@test "page_checker_finds_planted_faults" {
    sed 's/--soft: #655e54/--soft: #c8c2b8/' "$BATS_FILE_TMPDIR/page.html" >pale.html
    run -1 python3 "$BATS_TEST_DIRNAME/page.py" pale.html
    says "contrast"
    sed 's/<\/section>//' "$BATS_FILE_TMPDIR/page.html" >open.html
    run -1 python3 "$BATS_TEST_DIRNAME/page.py" open.html
    says "not closed"
    sed 's/ tabindex="0"//' "$BATS_FILE_TMPDIR/page.html" >deaf.html
    run -1 python3 "$BATS_TEST_DIRNAME/page.py" deaf.html
    says "keyboard"
}
