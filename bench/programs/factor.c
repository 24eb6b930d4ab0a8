// cfrac-like: factors numbers with Pollard's rho method. Numbers are immutable and
// live in the heap, so every operation allocates a result of 16 to 64 bytes and
// frees its operands soon after: a symbolic program's habit.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

// Digits of 32 bits, the lowest first; no leading zeros, so zero has no digits.
struct big {
    unsigned count;
    unsigned digits[];
};

static size_t operations;

static struct big *big_create(unsigned count) {
    struct big *big = must_malloc(sizeof(struct big) + count * sizeof(unsigned));
    operations++;
    big->count = count;
    return big;
}

static void big_trim(struct big *big) {
    while (big->count > 0 && big->digits[big->count - 1] == 0) {
        big->count--;
    }
}

static struct big *big_of(uint64_t value) {
    struct big *big = big_create(2);
    big->digits[0] = (unsigned)value;
    big->digits[1] = (unsigned)(value >> 32);
    big_trim(big);
    return big;
}

static int big_compare(const struct big *a, const struct big *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (unsigned i = a->count; i-- > 0;) {
        if (a->digits[i] != b->digits[i]) {
            return a->digits[i] < b->digits[i] ? -1 : 1;
        }
    }
    return 0;
}

static struct big *big_add(const struct big *a, const struct big *b) {
    unsigned count = (a->count > b->count ? a->count : b->count) + 1;
    struct big *sum = big_create(count);
    uint64_t carry = 0;
    for (unsigned i = 0; i < count; i++) {
        carry += i < a->count ? a->digits[i] : 0;
        carry += i < b->count ? b->digits[i] : 0;
        sum->digits[i] = (unsigned)carry;
        carry >>= 32;
    }
    big_trim(sum);
    return sum;
}

// The absolute value of a - b.
static struct big *big_distance(const struct big *a, const struct big *b) {
    const struct big *more = big_compare(a, b) >= 0 ? a : b;
    const struct big *less = more == a ? b : a;
    struct big *rest = big_create(more->count);
    uint64_t borrow = 0;
    for (unsigned i = 0; i < more->count; i++) {
        uint64_t value = (uint64_t)more->digits[i] - borrow;
        value -= i < less->count ? less->digits[i] : 0;
        rest->digits[i] = (unsigned)value;
        borrow = (value >> 32) & 1;
    }
    big_trim(rest);
    return rest;
}

static struct big *big_multiply(const struct big *a, const struct big *b) {
    struct big *product = big_create(a->count + b->count);
    memset(product->digits, 0, product->count * sizeof(unsigned));
    for (unsigned i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (unsigned k = 0; k < b->count; k++) {
            carry += (uint64_t)a->digits[i] * b->digits[k] + product->digits[i + k];
            product->digits[i + k] = (unsigned)carry;
            carry >>= 32;
        }
        product->digits[i + b->count] = (unsigned)carry;
    }
    big_trim(product);
    return product;
}

// The bit at `at`, counted from the lowest.
static unsigned big_bit(const struct big *big, unsigned at) {
    return (big->digits[at / 32] >> (at % 32)) & 1;
}

// rest = 2 * rest + bit, in place; there is room for one digit more.
static void shift_in(struct big *rest, unsigned bit) {
    for (unsigned i = 0; i < rest->count; i++) {
        unsigned top = rest->digits[i] >> 31;
        rest->digits[i] = rest->digits[i] << 1 | bit;
        bit = top;
    }
    if (bit != 0) {
        rest->digits[rest->count++] = bit;
    }
}

// a modulo m, bit by bit: slow but short, and it allocates as the others do.
static struct big *big_modulo(const struct big *a, const struct big *m) {
    struct big *rest = big_create(m->count + 1);
    rest->count = 0;
    for (unsigned at = a->count * 32; at-- > 0;) {
        shift_in(rest, big_bit(a, at));
        if (big_compare(rest, m) >= 0) {
            struct big *less = big_distance(rest, m);
            memcpy(rest->digits, less->digits, less->count * sizeof(unsigned));
            rest->count = less->count;
            free(less);
        }
    }
    return rest;
}

static struct big *big_gcd(const struct big *a, const struct big *b) {
    struct big *x = big_add(a, &(struct big){.count = 0});
    struct big *y = big_add(b, &(struct big){.count = 0});
    while (y->count > 0) {
        struct big *rest = big_modulo(x, y);
        free(x);
        x = y;
        y = rest;
    }
    free(y);
    return x;
}

// x * x + 1 modulo n; frees x.
static struct big *rho_step(struct big *x, const struct big *one, const struct big *n) {
    struct big *square = big_multiply(x, x);
    struct big *sum = big_add(square, one);
    struct big *next = big_modulo(sum, n);
    free(sum);
    free(square);
    free(x);
    return next;
}

// A proper factor of `n`, which has one.
static struct big *rho(const struct big *n, uint64_t start) {
    struct big *one = big_of(1);
    struct big *slow = big_of(start);
    struct big *fast = big_of(start);
    struct big *factor = big_of(1);
    while (big_compare(factor, one) == 0) {
        slow = rho_step(slow, one, n);
        fast = rho_step(rho_step(fast, one, n), one, n);
        struct big *distance = big_distance(slow, fast);
        free(factor);
        factor = big_gcd(distance, n);
        free(distance);
    }
    free(fast);
    free(slow);
    free(one);
    return factor;
}

// Products of two primes near 2^20 and 2^60.
static void factor_one(size_t i) {
    static const uint64_t small[] = {1048583, 1048589, 1048601, 1048609};
    static const uint64_t large[] = {1152921504606847009, 1152921504606847067};
    struct big *p = big_of(small[i % 4]);
    struct big *q = big_of(large[i / 4 % 2]);
    struct big *n = big_multiply(p, q);
    struct big *factor = rho(n, 2 + i);
    struct big *rest = big_modulo(n, factor);
    if (rest->count != 0) {
        fprintf(stderr, "micro: the factor is wrong: damaged memory\n");
        exit(1);
    }
    free(rest);
    free(factor);
    free(n);
    free(q);
    free(p);
}

// n numbers.
void program_factor(const struct row *row, size_t n) {
    struct stopwatch watch;
    stopwatch_start(&watch);
    operations = 0;
    for (size_t i = 0; i < n; i++) {
        factor_one(i);
    }
    stopwatch_report(&watch, row, operations);
}
