// The planted library: it can be preloaded, and does nothing at all.
int tool_test_empty_library(void);

int tool_test_empty_library(void) {
    return 0;
}
