"""Every picture, drawn with matplotlib and seaborn: arrays and words in, a figure out; no table of the index is read.

``style`` says how all of them look; ``charts``, ``maps``, ``dots``, ``panels`` and ``intervals`` draw.
"""
