"""Buildings with their models: storeys, rooms, elements, quantities, plans."""
