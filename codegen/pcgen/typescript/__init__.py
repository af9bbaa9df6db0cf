"""[D] TypeScript: naming, views and the lowering of the IR to them."""
