// A program that does nothing: what a process costs before its first allocation.

int main(void) {
    return 0;
}
