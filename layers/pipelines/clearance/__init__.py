"""How far pipes are from one another, wall to wall, and from what else is in the ground (GB 50289-2016)."""
