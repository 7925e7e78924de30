"""The store on Postgres, for several processes on one database. Imported only where NABLA_DATABASE_URL asks for it."""
