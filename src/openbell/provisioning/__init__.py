"""From a wish to data in the session: request, requirements, validation, plan, executor."""
