"""[D] C#: naming, views and the lowering of the IR to them."""
