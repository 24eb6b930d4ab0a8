// A library that needs one library too many, for the gate that must find it.

int planted_needs_libm(void);

int planted_needs_libm(void) {
    return 0;
}
