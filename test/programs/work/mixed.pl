# Hashes, strings, sorting, regular expressions and closures; prints digests of what it made.
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);

my $scale = shift;
my $seed  = 42;
sub draw { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed % shift; }

my (%count, @words);
for my $i (1 .. 40000 * $scale) {
    my $word = join '', map { chr(97 + draw(26)) } 1 .. 2 + draw(9);
    push @words, $word;
    $count{ substr $word, 0, 3 }++;
}
my @sorted = sort { length $a <=> length $b || $a cmp $b } @words;
print md5_hex(join ',', @sorted), "\n";
print scalar(keys %count), "\n";

my $text = join ' ', @words;
my $hits = () = $text =~ /\b([a-z])[a-z]*\1\b/g;
(my $changed = $text) =~ s/([aeiou])([^aeiou ])/$2$1/g;
print "$hits ", md5_hex($changed), "\n";

my %tree;
for my $word (@words[0 .. 20000 * $scale - 1]) {
    my $node = \%tree;
    $node = $node->{$_} //= {} for split //, $word;
}
sub nodes { my $n = shift; my $sum = 1; $sum += nodes($_) for values %$n; return $sum; }
print nodes(\%tree), "\n";

my @closures = map { my $k = $_; sub { return $k * shift } } 1 .. 20000 * $scale;
my $total = 0;
$total += $closures[$_]->($_ % 7) for 0 .. $#closures;
print "$total\n";

my $grown = '';
$grown .= "$_;" for 1 .. 200000 * $scale;
print md5_hex($grown), "\n";
