"""What the tests' students learn from, and an answer that rests on it."""

LIGHT = """# Light

A ray entering glass bends towards the normal because light is slower there. The bent ray stays in \
the plane of the ray and the normal.

The critical angle of crown glass is 42 degrees. Beyond it no light leaves the glass.
"""
CELLS = "# Cells\n\nMitochondria release the energy that a cell needs from sugar and oxygen.\n"
BENDS = "A ray entering glass bends towards the normal"
CRITICAL = "The critical angle of crown glass is 42 degrees."
QUESTION = "How does a ray bend in glass?"
ANSWER = f'It bends towards the normal <cite passage="1">{BENDS}</cite>.'
SHOWN_ANSWER = "It bends towards the normal [1]."
