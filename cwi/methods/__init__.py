"""The ground: what the field calls a method, as pure functions on NumPy arrays.

No pandas, no names of regions, no files; the modules do not know each other. Each module is a
family with one contract, said at its top; its ``__all__`` lists the words a methodology may use.
"""
