"""How findings reach people and tools: text, JSON, annotations of GitHub, SARIF."""
