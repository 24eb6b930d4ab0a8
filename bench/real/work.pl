# Hashes, strings and lists that come and go. The first argument is the number of rounds.
use strict;
use warnings;

my $rounds = $ARGV[0] // 6;
my $seed   = 2026;

sub dice {
    my $limit = shift;
    $seed = ( $seed * 1103515245 + 12345 ) % 2147483648;
    return int( $seed / 65536 ) % $limit;
}

my ( $sum, @kept ) = (0);
for my $round ( 1 .. $rounds ) {
    my %words;
    $words{ "w" . dice(20000) } .= "x" x dice(37) for 1 .. 60000;
    my @sorted = sort { $words{$a} cmp $words{$b} || $a cmp $b } keys %words;
    my @pieces = map { [ split /1/ ] } @sorted;
    $sum += scalar( map { @$_ } @pieces );
    $kept[ dice(3) ] = \%words;
}
print "$sum\n";
