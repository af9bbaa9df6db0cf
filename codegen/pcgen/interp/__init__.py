"""The protocol without generated code: frames to JSON and back, straight from the IR.

    decode    payload -> value, with every check that generated decoders make
    json_in   JSON -> value, checked as generated encoders check
    json_out  value -> JSON; secret fields are left out of sight
    frames    hexadecimal text and streams -> frames
    command   what `pcgen encode` and `pcgen decode` do
"""
