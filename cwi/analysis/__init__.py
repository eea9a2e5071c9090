"""What scores say beyond themselves: how sure they are, how they changed."""
