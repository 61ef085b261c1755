"""The intermediate representation: types, ops, blocks, their text, their law and their meaning."""
