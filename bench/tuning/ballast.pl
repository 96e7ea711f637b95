# A co-tenant: `perl ballast.pl BYTES SHARE` holds so much memory, really written, and takes that share of one core.
use strict;
use warnings;
use Time::HiRes qw(sleep clock_gettime CLOCK_PROCESS_CPUTIME_ID);

my ($bytes, $share) = @ARGV;
my $memory = "\1" x $bytes;
my $turn = 0.01;
while (1) {
  my $until = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) + $turn * $share;
  my $sum = 0;
  $sum += $_ for 1 .. 500;
  while (clock_gettime(CLOCK_PROCESS_CPUTIME_ID) < $until) { $sum += $_ for 1 .. 500 }
  sleep($turn * (1 - $share));
}
