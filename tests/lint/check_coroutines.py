#!/usr/bin/env python3
"""Looks for what g++ 12 miscompiles in coroutines, and for coroutine lambdas whose captures die.

Reported, by reading tokens (no types are known, so it errs on the strict side):
  1. a braced temporary in the operand of co_await: f(Options{a, b}), f({.x = a}), f({})
  2. a capturing lambda in the operand of co_await
  3. a conditional operator in the operand of co_await: g++ 12 destroys both branches' temporaries
  4. a capturing lambda that is itself a coroutine: its captures live in the closure, which is usually gone at the first
     suspension; give it parameters instead
  5. asio::detached: what such a coroutine throws vanishes; use Spawn (daemon/base/spawn.h), which ends the process

A finding that is surely harmless is excused on its line, or on the line above:  // lint: ok (std::string is no aggregate)

    check_coroutines.py               looks at the whole tree
    check_coroutines.py --self-test   shows what is found and what is not
"""

import pathlib
import re
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("daemon", "emulator", "client", "tests")

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)")
      | (?P<literal>"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+')
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\d[\w.']*)
      | (?P<sign>->|::|\S)""",
    re.VERBOSE | re.DOTALL,
)
EXCUSE = re.compile(r"//\s*lint: ok \(.+\)")
CLOSER = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    text: str
    line: int
    kind: str


class Lambda(NamedTuple):
    captures: bool
    end_of_head: int  # where the parameters, or without parameters the body, begin
    body: range  # the tokens between the braces


def tokens_of(text):
    found, line, position = [], 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        if match.lastgroup != "comment" and not match.group("comment"):
            kind = "word" if match.group("word") else "number" if match.group("number") else "sign"
            if match.group("raw") or match.group("literal"):
                kind = "literal"
            found.append(Token(match.group(0), line, kind))
    return found


def closing(tokens, opening):
    """The index of the bracket that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].kind == "sign":
            depth += (tokens[index].text in CLOSER) - (tokens[index].text in CLOSER.values())
            if depth == 0:
                return index
    return len(tokens) - 1


def lambda_at(tokens, index):
    """The lambda whose introducer is the [ at `index`, None if it is a subscript, an attribute or a binding."""
    if tokens[index].text != "[" or tokens[index].kind != "sign":
        return None
    before = tokens[index - 1] if index else Token("", 0, "sign")
    keyword = before.text in ("return", "co_return", "co_await", "co_yield")
    if before.text in (")", "]", "[", "auto", "&") and not keyword:
        if before.text != "&" or (index > 1 and tokens[index - 2].text == "auto"):
            return None
    if before.kind in ("word", "literal") and not keyword:
        return None
    end = closing(tokens, index)
    after = end + 1
    head = after
    while after < len(tokens) and tokens[after].text != "{":
        if tokens[after].text in (";", ",", ")", "}", "]"):
            return None
        after = closing(tokens, after) + 1 if tokens[after].text in ("(", "[") else after + 1
    if after >= len(tokens):
        return None
    return Lambda(end > index + 1, head, range(after + 1, closing(tokens, after)))


def operand_end(tokens, start):
    """Where the operand of the co_await before `start` ends: at ; or , of its own depth, or at a bracket it did not open."""
    index = start
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "sign":
            if token.text in (";", ",", ")", "]", "}"):
                return index
            if token.text == "{" and index > start and tokens[index - 1].text == ")" and index == start:
                return index
            if token.text in CLOSER:
                index = closing(tokens, index)
        index += 1
    return index


def has_coroutine_keyword(tokens, body):
    """Whether the body itself, without the lambdas in it, awaits, yields or returns as a coroutine."""
    index = body.start
    while index < body.stop:
        inner = lambda_at(tokens, index)
        if inner:
            index = inner.body.stop
        elif tokens[index].text in ("co_await", "co_return", "co_yield"):
            return True
        index += 1
    return False


def operand_problems(tokens, start, end):
    index = start
    while index < end:
        token = tokens[index]
        inner = lambda_at(tokens, index)
        if inner:
            if inner.captures:
                yield token.line, "a capturing lambda inside co_await: name it first, then std::move it"
            index = inner.body.stop  # its body belongs to other expressions
        elif token.text == "{" and token.kind == "sign":
            yield token.line, "a braced temporary inside co_await: name it first, then std::move it"
            index = closing(tokens, index)
        elif token.text == "?" and token.kind == "sign":
            yield token.line, "a conditional operator inside co_await: name its result first, then std::move it"
        index += 1


def problems_of(text):
    """The (line, message) pairs for one file, in order, without the excused ones."""
    tokens = tokens_of(text)
    found = set()
    for index, token in enumerate(tokens):
        if token.text == "co_await" and token.kind == "word":
            found.update(operand_problems(tokens, index + 1, operand_end(tokens, index + 1)))
        inner = lambda_at(tokens, index)
        if inner and inner.captures and has_coroutine_keyword(tokens, inner.body):
            found.add((token.line, "a coroutine lambda that captures: pass parameters, captures die with the closure"))
        if token.text == "detached" and [t.text for t in tokens[index - 2 : index]] == ["asio", "::"]:
            found.add((token.line, "asio::detached swallows exceptions: use Spawn of daemon/base/spawn.h"))
    lines = text.split("\n")
    return sorted(p for p in found if not any(EXCUSE.search(line) for line in lines[max(0, p[0] - 2) : p[0]]))


def check_tree():
    count = 0
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".h", ".cc") and "node_modules" not in file.parts:
                for line, message in problems_of(file.read_text(encoding="utf-8")):
                    print(f"{file.relative_to(ROOT)}:{line}: {message}")
                    count += 1
    return count


GOOD = [
    "auto r = co_await Get(std::move(options), \"{x}\", 'c');",
    "if (auto r = co_await Get(id); !r.ok()) { Options o{a, b}; co_return o; }",
    "auto r = ready ? first : second; co_await Get(r);",
    "while (co_await Next()) { values.push_back(Value{1}); }",
    "for (auto& [key, value] : map) { co_await Put(key, value[0]); }",
    "co_await asio::async_initiate<Token, void()>([](auto handler, int a) { handler(Options{a}); }, token, a);",
    "// co_await Get(Options{a})\nauto s = R\"(co_await Get({}))\";",
    "loop.Post([this] { Stop(); });",
    "asio::co_spawn(loop, [](Self* self) -> Task<void> { co_await self->Run(); }(this), Done);",
    "Run([] { co_await A(); });",
    "auto later = [this] { Spawn([](Self* self) -> Task<void> { co_await self->Run(); }); };",
    "Pair p{co_await First(), 1};",
    "co_await Get(Options{a});  // lint: ok (Options has constructors)",
    "int operator[](int i); co_await Get(array[i], m[k][2]);",
    "const CallContext detached = context.Detached(limit); Spawn(executor, Run(detached));",
    "// never asio::detached",
    "long n = 1'000'000; co_await Get(n); auto x = Value{2'0};",
]
BAD = [
    "co_await Get(Options{a, b});",
    "auto r = co_await Get({.limit = 1});",
    "co_await Get({});",
    "co_return co_await Get(id, std::pair{a, b});",
    "if (!(co_await Get(id,\n  Options{})).ok()) return;",
    "co_await Retry([this] { return Get(); });",
    "co_await Retry([&](int n) mutable noexcept -> int { return n; });",
    "co_await (First(A{}) && Second());",
    "auto r = co_await Get(sent ? context.Detached() : std::move(context));",
    "ASSIGN_OR_RETURN(auto r, co_await Get(A{1}));",
    "asio::co_spawn(loop, [this]() -> Task<void> { co_await Run(); }(), Done);",
    "auto t = [copy = x]() -> Task<int> { co_return copy; };",
    "return [=]() -> Task<int> { for (;;) co_await Tick(); };",
    "auto r = co_await [id]() -> Task<int> { return Get(id); }();",
    "boost::asio::co_spawn(executor, Run(this),\n  boost::asio::detached);",
    "asio::co_spawn(io_, Accept(), asio::detached);",
]


def self_test():
    failures = [f"should pass: {text}: {problems_of(text)}" for text in GOOD if problems_of(text)]
    failures += [f"should fail: {text}" for text in BAD if not problems_of(text)]
    print("\n".join(failures) or f"{len(GOOD) + len(BAD)} made-up lines judged as they should be")
    return len(failures)


if __name__ == "__main__":
    sys.exit(1 if (self_test() if sys.argv[1:] == ["--self-test"] else check_tree()) else 0)
