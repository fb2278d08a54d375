"""Acceptance of building models: what their schema says, what the orderer asked for, and rules of delivery."""
