"""Inputs of the real programs, made from seeds: the same on every machine."""

import random

SEED = 2026


def sql():
    """A table that is filled, indexed, joined, thinned and rewritten."""
    return """
pragma journal_mode=memory;
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
  insert into t select i, hex(i * 7919 % 100003), i * 0.5 from n;
create index tb on t(b);
select count(*), sum(length(b)) from t join (select b as bb from t where a % 7 = 0) on b = bb;
select substr(b, 1, 3) as p, count(*), group_concat(a) from t group by p order by 2 limit 3;
delete from t where a % 3 = 0;
vacuum;
select count(*), avg(c) from t;
"""


def smt():
    """Pigeons without holes, and bit vectors: both need search."""
    lines = ["(set-logic QF_BV)"]
    holes = 8
    for pigeon in range(holes + 1):
        lines += [f"(declare-const p{pigeon}_{hole} Bool)" for hole in range(holes)]
        names = " ".join(f"p{pigeon}_{hole}" for hole in range(holes))
        lines.append(f"(assert (or {names}))")
    for hole in range(holes):
        for one in range(holes + 1):
            lines += [f"(assert (not (and p{one}_{hole} p{two}_{hole})))"
                      for two in range(one + 1, holes + 1)]
    lines += ["(check-sat)", "(reset)", "(set-logic QF_BV)"]
    dice = random.Random(SEED)
    lines += [f"(declare-const v{i} (_ BitVec 16))" for i in range(40)]
    for _ in range(60):
        a, b, c = (dice.randrange(40) for _ in range(3))
        lines.append(f"(assert (bvult (bvadd v{a} (bvmul v{b} #x{dice.randrange(65536):04x})) "
                     f"(bvxor v{c} #x{dice.randrange(40000, 65536):04x})))")
    return "\n".join([*lines, "(check-sat)", ""])


def c_function(dice, number):
    """One function of generated C."""
    lines = [f"static int f{number}(int a, int b, struct pair *p) {{", "    int x = a;"]
    for _ in range(dice.randrange(8, 30)):
        other = dice.randrange(max(1, number))
        lines.append(dice.choice((
            f"    x = x * {dice.randrange(2, 99)} + (b ^ {dice.randrange(999)});",
            f"    for (int i = 0; i < b; i++) {{ x += p->next[i & 7] * {dice.randrange(9)}; }}",
            f"    if (x > {dice.randrange(9999)}) {{ p->left = x; }} else {{ p->right -= x; }}",
            f"    x ^= f{other}(x & 15, b - 1, p);" if number else "    x++;")))
    return "\n".join([*lines, "    return x;", "}", ""])


def c_source():
    """A large file of C that includes nothing: what cc1 sees."""
    dice = random.Random(SEED)
    head = "struct pair { int left; int right; int next[8]; };\n"
    functions = [c_function(dice, number) for number in range(150)]
    calls = "\n".join(f"    s += f{number}(a, {number}, p);" for number in range(150))
    return head + "\n".join(functions) + \
        f"int all(int a, struct pair *p) {{\n    int s = 0;\n{calls}\n    return s;\n}}\n"


def postscript():
    """Pages of text, curves and shadings."""
    return """%!PS
/seed 2026 def
/dice { /seed seed 16807 mul 2147483647 mod def seed exch mod } def
/Times-Roman findfont 9 scalefont setfont
1 1 12 {
  pop
  1 1 60 { /y exch 12 mul def 40 y moveto
    12 { 26 dice 97 add (x) dup 0 4 -1 roll put show (word ) show } repeat } for
  1 1 400 { pop newpath 600 dice 800 dice moveto
    600 dice 800 dice 600 dice 800 dice 600 dice 800 dice curveto
    100 dice 100 div setgray stroke } for
  << /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 600 800] /Extend [true true]
     /Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1 >> >> shfill
  showpage
} for
"""
