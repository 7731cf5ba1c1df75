/**
 * The first process inside (pid 1), in Perl: it starts in 1.5 ms, has the real wait status, and stands on every Debian or Ubuntu as
 * `perl-base`. Core language only, no modules but strict. Its protocol is described in `init-protocol.ts`.
 */
export const INIT_PROGRAM = String.raw`
use strict;
my ($prctl, $keyctl) = @ARGV;
open(my $life, "<&=", 3) or die "no lifeline: $!\n";
open(my $out, ">&=", 4) or die "no report: $!\n";

# Not dumpable: a command of the same user can open neither /proc/1/fd nor /proc/1/mem. A new session keyring: not the host's.
if ($prctl) { syscall($prctl + 0, 4, 0, 0, 0, 0) == 0 or die "prctl: $!\n" }
if ($keyctl) { syscall($keyctl + 0, 1, 0) }
umask 022;

# The harness may itself have inherited open files that nobody marked close-on-exec.
opendir(my $fds, "/proc/self/fd") or die "/proc/self/fd: $!\n";
my @fds = grep { /^\d+$/ && $_ > 4 } readdir $fds;
closedir $fds;
for (@fds) { if (open(my $stray, "<&=", $_)) { close $stray } }

sub report { syswrite($out, "$_[0]\n") }
sub take {
  my ($n, $text) = (shift, "");
  while (length $text < $n) {
    my $got = sysread($life, $text, $n - length $text, length $text);
    exit 0 if defined $got && $got == 0;
    die "lifeline: $!\n" unless defined $got || $! == 4;
  }
  return $text;
}

my @plan = split(/\0/, take(take(10) + 0), -1);
my @argv = splice(@plan, 0, shift @plan);
%ENV = ();
for (@plan) { my ($name, $value) = split(/=/, $_, 2); $ENV{$name} = $value }

# Real pipes: the harness gives sockets, and /dev/stdout cannot be opened on a socket.
pipe(my $out_read, my $out_write) && pipe(my $err_read, my $err_write) && pipe(my $errno_read, my $errno_write)
  or die "pipe: $!\n";
$SIG{CHLD} = sub { };
my $main = fork;
die "fork: $!\n" unless defined $main;
if ($main == 0) {
  open(STDOUT, ">&", $out_write) && open(STDERR, ">&", $err_write) && exec { $argv[0] } @argv;
  syswrite($errno_write, $! + 0);
  exit 1;
}
close $_ for $out_write, $err_write, $errno_write;
my $errno = "";
for (;;) {
  my $got = sysread($errno_read, $errno, 8, length $errno);
  last if defined $got && $got == 0;
}
if (length $errno) { report("not-started $errno"); exit 0 }
report("started");

my @from = ($out_read, $err_read);
my @to = (\*STDOUT, \*STDERR);
my @held = ("", "");
fcntl($_, 4, 2048) for @to;
fcntl($_, 1031, 1048576) for @from;
my ($status, $left) = (undef, 0);

sub reap {
  while ((my $pid = waitpid(-1, 1)) > 0) { $status = $? if $pid == $main }
  return unless defined $status;
  $SIG{CHLD} = "DEFAULT";
  kill 9, -1;
  while (waitpid(-1, 0) > 0) { $left++ if ($? & 127) == 9 }
}

sub pass_on {
  my ($i, $readable) = @_;
  if ($readable && $held[$i] eq "") {
    my $got = sysread($from[$i], $held[$i], 262144);
    $from[$i] = undef if defined $got && $got == 0;
  }
  return if $held[$i] eq "";
  my $sent = syswrite($to[$i], $held[$i]);
  if (defined $sent) { substr($held[$i], 0, $sent, "") }
  elsif ($! != 11 && $! != 4) { $from[$i] = undef; $held[$i] = "" }
}

for (;;) {
  reap() unless defined $status;
  last if defined $status && !grep { defined $from[$_] || $held[$_] ne "" } 0, 1;
  my ($read, $write) = ("", "");
  vec($read, 3, 1) = 1;
  for (0, 1) {
    if ($held[$_] ne "") { vec($write, fileno $to[$_], 1) = 1 }
    elsif (defined $from[$_]) { vec($read, fileno $from[$_], 1) = 1 }
  }
  # The limit is for a SIGCHLD that comes just before select.
  next unless select($read, $write, undef, defined $status ? undef : 0.1) > 0;
  if (vec($read, 3, 1)) {
    my $got = sysread($life, my $word, 64);
    if (defined $got) {
      if ($got == 0) { kill 9, -1; exit 0 }
      kill 15, -1;
    }
  }
  for (0, 1) { pass_on($_, defined $from[$_] && vec($read, fileno $from[$_], 1)) }
}
report(($status & 127) ? "signaled " . ($status & 127) . " $left" : "exited " . ($status >> 8) . " $left");
`;
