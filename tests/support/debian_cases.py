"""Command lines for Debian's dynamic programs: the first word is the program."""

import atexit
import functools
import shlex
import shutil
import tempfile
from pathlib import Path

from support.busybox_cases import prepare_files
from support.debian_root import DEFAULT_ROOT
from support.oracle import QEMU, Case

COMMANDS = {
    # coreutils and friends
    "sort": "sort -n -k 2 numbers.txt",
    "sort-month": "sort --stable -f -k 1.2,1.4 words.txt",
    "uniq": "uniq -c sorted.txt",
    "join": "join sorted.txt sorted.txt",
    "comm": "comm -12 sorted.txt words.txt",
    "split": "split -l 7 text.txt part-",
    "sha256sum": "sha256sum big.bin text.txt",
    "md5sum-check": "md5sum -c sums.bad",
    "b2sum": "b2sum big.bin",
    "cksum": "cksum text.txt words.txt",
    "sum": "sum -s text.txt",
    "od": "od -A d -t fF -t x1z -N 64 big.bin",
    "factor": "factor 18446744073709551557 1000000016000000063",
    "seq": "seq -w 0.5 0.25 12",
    "numfmt": "numfmt --to=iec 1024 1048576 123456789",
    "printf": "printf '%5.2f|%-6s|%x\\n' 3.14159 ab 255",
    "ls": "ls -1pR tree",
    "stat": "stat -c '%s %F %a' text.txt tree",
    "date": "date -u -d '2010-11-12 13:14:15 +2 days' +%F_%T_%j",
    "tsort": "tsort pairs",
    "shuf": "shuf --random-source=big.bin words.txt",
    "pr": "pr -t -3 -l 20 sorted.txt",
    "fmt": "fmt -w 40 text.txt",
    "ptx": "ptx -w 60 sorted.txt",
    "dd": "dd if=big.bin of=part bs=4096 count=100 skip=3 status=none",
    "cp": "cp -a tree copied",
    "test-usage": "sort --no-such",
    "cat-missing": "cat missing",
    "diff": "diff -u text.txt text2.txt",
    "grep": "grep -rhc chain text.txt",
    "grep-pcre": "grep -n -o -E '(guest|block) (is|and)' text.txt",
    "sed": "sed -E 's/(\\w+) (\\w+)/\\2 \\1/g; 5q' text.txt",
    "mawk": 'mawk \'{n[$1] += $2} END {for (i = 0; i < 10; i++) printf "%s %d %.3f\\n", i, n["k" i], sqrt(i)}\' numbers.txt',
    "find": "find tree -maxdepth 1 -name 'd1' -printf '%f %y\\n'",
    # compression
    "gzip": "gzip -9nk words.txt",
    "gzip-bad": "gzip -dc text.txt",
    "bzip2": "bzip2 -k words.txt",
    "xz": "xz -k -T 1 words.txt",
    "xz-decode": "xz -dc words.xz",
    # languages
    "lua": 'lua5.4 -e \'local t = {} for i = 1, 2000 do t[i] = (i * 7919) % 2003 end table.sort(t) print(t[1], t[1000], #t, string.format("%.5f", math.sin(1)), ("abc"):rep(3), 7 // 2, 2^53)\'',
    "lua-coroutine": "lua5.4 -e 'local c = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end) print(c(), c(), c()) print(type(select(2, pcall(error, {1})))) print(select(2, pcall(function() local x = nil; return x.y end)))'",
    "lua-error": "lua5.4 -e 'error(\"wrong\")'",
    "perl": 'perl -e \'my %h; $h{$_ % 17} .= chr(65 + $_ % 26) for 1 .. 300; print join(",", map { "$_=$h{$_}" } sort { $a <=> $b } keys %h), "\\n"; printf "%.6f %s\\n", atan2(1, 1) * 4, 2**40;\'',
    "perl-regex": 'perl -ne \'print "$.:$1\\n" if /\\b(\\w+)\\s+\\1\\b/; END { print scalar reverse("done"), "\\n" }\' text.txt',
    "perl-pack": 'perl -e \'print unpack("H*", pack("NnCa4d", 1, 2, 3, "abcd", 1.5)), "\\n"; print sprintf("%vd", "1.22.333"), "\\n"; die "over\\n"\'',
    "python": "python3.11 -I -S -c 'print(sum(i * i for i in range(1000)), 2**200, 1 / 3, [*\"abc\"])'",
    "python-json": 'python3.11 -I -c \'import json; d = {"a": [1, 2.5, None, True], "b": {"c": "d\\u00e9"}}; s = json.dumps(d, sort_keys=True); print(s, json.loads(s) == d)\'',
    "python-re": 'python3.11 -I -c \'import re; print(re.findall(r"(\\w)(\\w+)", open("text.txt").read())[:9], re.sub("a|e", lambda m: m[0].upper(), "chained guest"))\'',
    "python-hashlib": 'python3.11 -I -c \'import hashlib; print(hashlib.sha256(b"x" * 1000).hexdigest(), hashlib.md5(b"").hexdigest(), hashlib.blake2b(b"q").hexdigest()[:20])\'',
    "python-sort": "python3.11 -I -c 'import random; random.seed(5); x = [random.random() for _ in range(3000)]; y = sorted(x, key=lambda v: -v); print(y[0], y[-1], y == sorted(x, reverse=True))'",
    "python-error": "python3.11 -I -c 'def f(n): return f(n - 1) if n else 1 / n\nf(5)'",
    "python-classes": "python3.11 -I -c 'import collections, dataclasses, itertools\n@dataclasses.dataclass(order=True)\nclass P:\n    x: int\n    y: int = 2\nprint(P(1), P(1) < P(2), collections.Counter(\"mississippi\").most_common(2), list(itertools.permutations(range(3)))[:3])'",
    "python-subprocess": 'python3.11 -I -c \'import subprocess as s; r = s.run(["echo", "from a child"], capture_output=True); print(r); print(s.run(["sh", "-c", "cat; exit 3"], input=b"to a child", stdout=-1))\'',
    "python-math": "python3.11 -I -c 'import math, cmath; print([f(0.7) for f in (math.sin, math.exp, math.lgamma, math.erf, math.cbrt)], math.factorial(30), cmath.sqrt(-2), math.dist((0, 1), (2, 3)))'",
    "perl-ipc": 'perl -e \'$|=1; $id=shmget(0,100,0600); $s=semget(0,2,0600); $q=msgget(0,0600); if(!($pid=fork)){shmwrite($id,"from the child",0,100); semop($s,pack("s!3",0,1,0)); msgsnd($q,pack("l! a*",7,"message"),0); exit 4} semop($s,pack("s!3",0,-1,0)); shmread($id,$b,0,14); print "$b\n"; msgrcv($q,$m,100,0,0); print join(" ",unpack("l! a*",$m)),"\n"; waitpid($pid,0); print $?>>8,"\n"; semctl($s,0,17,pack("s!2",3,4)); semctl($s,0,13,$v); print join(",",unpack("s!2",$v)),"\n"; shmctl($id,0,0); semctl($s,0,0,0); msgctl($q,0,0)\'',
    # data
    "jq": "jq -c '.items | map(select(.n % 3 == 0) | .n * 2) | add, length' data.json",
    "jq-pretty": "jq -S '.items[:2], (.items | group_by(.k) | map({k: .[0].k, total: (map(.n) | add)}))' data.json",
    "jq-bad": "jq . text.txt",
    "sqlite": "sqlite3 base.db '.read script.sql'",
    "openssl-sha512": "openssl dgst -sha512 big.bin",
    "openssl-sha256": "openssl dgst -sha256 big.bin",
    "openssl-sha1": "openssl sha1 text.txt",
    "openssl-enc": "openssl enc -aes-128-cbc -K 00112233445566778899aabbccddeeff -iv 000102030405060708090a0b0c0d0e0f -in text.txt -out text.enc",
    "openssl-base64": "openssl base64 -in text.txt",
    "openssl-ec": "openssl ecparam -name prime256v1 -text -noout -param_enc explicit",
    "openssl-aes-256": "openssl enc -aes-256-ctr -pass pass:x -nosalt -pbkdf2 -in big.bin -out big.enc",
    "openssl-prime": "openssl prime 1000000007 1000000008",
}

BASH = {
    "bash-loops": "s=0; for ((i = 0; i < 500; i++)); do ((s += i * i)); done; echo $s; for f in tree/d?; do echo ${f##*/}; done",
    "bash-functions": "fib() { (( $1 < 2 )) && { echo $1; return; }; local a=$(fib $(($1 - 1))) b=$(fib $(($1 - 2))); echo $((a + b)); }; fib 5",
    "bash-arrays": 'a=(one "two words" three); a+=(four); declare -A m=([x]=1 [y]=2); echo ${#a[@]} "${a[1]}" ${m[y]} ${!m[@]}; printf "%s;" "${a[@]}"',
    "bash-strings": 's="chained block"; echo ${s^^} ${s/block/guest} ${s:3:5} ${#s}; [[ $s =~ (c[a-z]+)\\ (b.*) ]] && echo ${BASH_REMATCH[2]}',
    "bash-pipeline": "sort words.txt | uniq -c | sort -rn | head -n 4 | sed 's/^ *//'; echo ${PIPESTATUS[@]}",
    "bash-substitution": "diff <(sort numbers.txt) <(sort -r numbers.txt) | wc -l; x=$(< sorted.txt); echo ${#x}",
    "bash-here": "cat <<< 'a string'; cat <<END\n$((6 * 7))\nEND\nread -r a b <<< 'p q r'; echo $b",
    "bash-jobs": "sleep 0.1 & sleep 0.05 & wait; echo $?; (exit 9) & wait $!; echo $?; sleep 20 & kill %1; wait $!; echo $?",
    "bash-traps": "trap 'echo exit' EXIT; trap 'echo int' INT; kill -INT $$; (trap 'echo sub' EXIT; exit 3); echo $?",
    "bash-files": "mkdir d; for i in 1 2 3; do echo $i > d/$i; done; cat d/*; mv d e; ls e; rm -r e; test -e d || echo gone",
    "bash-errors": "set -e; no_such_command; echo not reached",
    "bash-regex-read": "while IFS=' ' read -r k v; do ((t[${k#k}] += v)); done < numbers.txt; echo ${t[@]}",
    "bash-compress": "gzip -nc words.txt | gzip -dc | cmp - words.txt && xz -c text.txt | xz -dc | bzip2 | bzip2 -d | cmp - text.txt && echo same",
    "git": "export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'; git init -q r && cp text.txt r && cd r && git add . && git -c user.name=me -c user.email=m@e commit -qm one && git log --format='%H %s %an' && rm .git/index",
    "bash-exec": "exec mawk 'BEGIN {print 40 + 2; exit 6}'",
}

SQL = """
create table item (id integer primary key, name text, price real);
create table sale (item integer, amount integer);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
  insert into item select i, 'item ' || i, i * 0.25 from n;
insert into sale select id, id % 7 from item;
commit;
create index by_item on sale (item);
select count(*), sum(price), avg(length(name)) from item;
select amount, count(*), round(sum(price), 2) from item join sale on item.id = sale.item
  group by amount order by amount;
select name, hex(sha) from (select name, name as sha from item where name like '%99' limit 2);
explain query plan select * from sale where item = 5;
select no_such_column from item;
"""


@functools.cache
def _wrappers(root: Path) -> Path:
    """A directory of scripts, one for each program of a root, that start it under qemu-arm: what
    the host's execve makes of a guest program there."""
    home = Path(tempfile.mkdtemp(prefix="armdbt-wrappers-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    qemu = shutil.which(QEMU)
    for program in [*root.glob("bin/*"), *root.glob("usr/bin/*")]:
        script = home / program.name
        options = f"-L {root} -0 {program.name}"
        script.write_text(f'#!/bin/sh\nexec {qemu} {options} {program} "$@"\n')
        script.chmod(0o755)
    return home


def _prepare(work: Path) -> None:
    prepare_files(work)
    items = ",".join(f'{{"n": {n}, "k": "{"abc"[n % 3]}"}}' for n in range(200))
    (work / "data.json").write_text(f'{{"items": [{items}]}}\n')
    (work / "script.sql").write_text(SQL)
    (work / "pairs").write_text("b c\na b\nc d\na d\nd e\n")


def _case(root: Path, name: str, program: str, *arguments: str) -> Case:
    path = next(p for p in (root / "usr/bin" / program, root / "bin" / program) if p.exists())
    options = ("-L", str(root), "-0", "/" + str(path.relative_to(root)))
    return Case(
        name,
        (str(path), *arguments),
        prepare=_prepare,
        options=options,
        qemu_options=options,
        qemu_env={"PATH": str(_wrappers(root))} if program == "bash" else {},
    )


def cases(root: Path = DEFAULT_ROOT) -> list[Case]:
    """All of them, with the programs of a root."""
    return [
        *(_case(root, name, *shlex.split(command)) for name, command in COMMANDS.items()),
        *(_case(root, name, "bash", "-c", script) for name, script in BASH.items()),
    ]
