"""What people see and press: the notice page, the console, the API. FastAPI, server-rendered."""
