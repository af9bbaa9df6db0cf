"""Test vectors: payloads that every codec must read and write alike, and payloads it must refuse.

The bytes are made from the IR by an encoder of its own (reference), so that a mistake in one
backend's templates is not in the expectation too.
"""
