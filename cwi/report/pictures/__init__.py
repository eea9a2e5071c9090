"""Every picture, drawn with matplotlib and seaborn: tables and words in, a figure out; no table of the index is read.

``style`` has the fonts, colours and the key of all pictures; ``rows`` lays out those that have a row for each region.
``ranking``, ``measured``, ``dumbbells``, ``heat``, ``intervals``, ``dots``, ``panels`` and ``maps`` (its ``labels`` are
placed apart) draw one kind each. With ``ax`` a picture is drawn into axes that the caller has laid out.
"""
