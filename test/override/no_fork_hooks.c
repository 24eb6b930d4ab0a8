// Preloaded before the library: fork runs nobody's handlers. The planted failure of the tests that
// fork, where children inherit locks that are held by threads which they have not.

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                      void *library);

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                      void *library) {
    (void)prepare;
    (void)parent;
    (void)child;
    (void)library;
    return 0;
}
