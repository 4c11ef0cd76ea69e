print("cst")
