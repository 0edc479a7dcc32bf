"""When a recipient may be texted: places told by evidence, the rules there, and what is open."""
