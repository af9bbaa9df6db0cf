"""pcgen: compiles the protocol's YAML files into C, Python, C# and TypeScript.

Reading order: pipeline, then what it calls in that order.

    [A] loader   YAML text -> strict tree with positions -> schema (what the author wrote)
    [B] passes   names, imports, constants, types, flows, ids, states, rates, sizes
    [C] ir       frozen and resolved; knows no language
    [D] c/, python/, csharp/, typescript/   views: every decision about the text of one language
    [E] render   Jinja2 templates, which hold text, `for` and `if`
    [F] writer   files are written only when they change
"""
