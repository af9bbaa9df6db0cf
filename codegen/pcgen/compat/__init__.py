"""What changed since a release, and whom it breaks.

    lock      a protocol as it was released, as JSON and back
    against   where the old protocols come from: lock files, or a revision of git
    compare   two protocols -> changes; declared and types_compare do the same for parts of them
    rules     the rules by id: WIRE, POLICY, SOURCE
    places    where in the YAML a change is
"""
