"""Prints the public names in symbol graph files, one declaration a line, sorted: what Docs/API lists."""

import json
import sys

names = set()
for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as graph:
        for symbol in json.load(graph)["symbols"]:
            fragments = "".join(part["spelling"] for part in symbol.get("declarationFragments", []))
            path = ".".join(symbol["pathComponents"][:-1])
            names.add(f"{path + ': ' if path else ''}{' '.join(fragments.split())}")
print("\n".join(sorted(names)))
