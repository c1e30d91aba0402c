"""The typed intermediate form between the frontend and C.

The frontend leaves programs in this form: generics are resolved, generators and `with` are expanded, ownership has become plain
release calls, every effect happens in a statement of its own. Checks read it, `checks.ranges` fixes the C types of numbers,
and the backend prints it without a decision of its own.
"""
